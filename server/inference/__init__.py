"""The core of the service: models, queues, cache and inference. It knows nothing of HTTP."""
