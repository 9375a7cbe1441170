"""ImageNet weights of timm's hub, on a machine that may not reach it.

The hub's client tries again for most of a minute before it gives up. One short question beforehand tells in
seconds whether it is worth asking.
"""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path

from timm.models import PretrainedCfg

ANSWER_WITHIN_S = 5.0
_FILES = ("model.safetensors", "pytorch_model.bin")


def kept_weights(config: PretrainedCfg) -> Path | None:
    """The file of an earlier download of these weights, if there is one."""
    from huggingface_hub import try_to_load_from_cache

    places = [try_to_load_from_cache(config.hf_hub_id, name) for name in _FILES if config.hf_hub_id]
    return next((Path(place) for place in places if isinstance(place, str)), None)


def why_silent() -> str | None:
    """Why the hub does not answer; None if it does, whatever it says. The usual proxies are used."""
    from huggingface_hub import constants

    try:
        request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
        urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S).close()
    except urllib.error.HTTPError:
        return None
    except urllib.error.URLError as error:
        # The client may trust other certificates than Python does here.
        return None if isinstance(error.reason, ssl.SSLError) else str(error.reason)
    except (OSError, ValueError) as error:
        return str(error)
    return None
