"""The HTTP service: `server.app.create_app(settings)`."""
