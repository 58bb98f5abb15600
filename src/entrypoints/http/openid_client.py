"""The OpenID Connect client: which responses of the provider are accepted, and how the client authenticates."""

import asyncio
import base64
import time
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus

from starlette.requests import Request

from entrypoints.settings import Settings

__all__ = [
    "MismatchingStateError",
    "OAuthError",
    "OpenIdProvider",
    "ProviderUnusable",
    "StarletteOAuth2App",
    "check_is_begun_here",
]

with warnings.catch_warnings():
    # The library warns that it prefers a later httpx than the one used here. The filter has no effect before the
    # import, which sets its own.
    import authlib.deprecate

    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
    from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Only algorithms with a key that the provider alone has; never `none`, even if the provider offers it."""
CACHE_SECONDS = 600.0
"""How long metadata and keys are cached, and so how long a key that the provider withdrew is still trusted."""
FAILURE_CACHE_SECONDS = 5.0
"""How long a provider that failed is not asked again."""
_NAME = "openid"


class ProviderUnusable(Exception):
    """The provider is not the configured one, or does not support what is needed."""


class _App(StarletteOAuth2App):  # type: ignore[misc]  # the library has no types
    """The library's client. It caches metadata and keys, and loads the keys again when one is unknown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._keys = asyncio.Lock()

    async def fetch_jwk_set(self, force: bool = False) -> Any:
        before = self.server_metadata.get("jwks")
        async with self._keys:
            is_newer = (
                self.server_metadata.get("jwks") is not before
            )  # another sign-in has loaded them meanwhile
            return await super().fetch_jwk_set(force=force and not is_newer)


class OpenIdProvider:
    """The configured provider with its metadata, which is loaded once for all sign-ins and then cached."""

    def __init__(
        self, settings: Settings, transport: object, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._cached: tuple[float, StarletteOAuth2App] | None = None
        """When it expires, and the client."""
        self._failed: tuple[float, BaseException] | None = None
        self._loading: asyncio.Task[StarletteOAuth2App] | None = None

    async def client(self) -> StarletteOAuth2App:
        """Return a client configured with the provider's metadata.

        Raises:
            ProviderUnusable
        """
        if self._cached and self._clock() < self._cached[0]:
            return self._cached[1]
        if self._failed and self._clock() < self._failed[0]:
            raise self._failed[1].with_traceback(None)  # otherwise the traceback grows with each raise
        if self._loading is None:
            self._loading = asyncio.ensure_future(_client_for(self._settings, self._transport))
            self._loading.add_done_callback(self._loaded)
        # Shield the shared task: other requests await it.
        return await asyncio.shield(self._loading)

    def _loaded(self, task: asyncio.Task[StarletteOAuth2App]) -> None:
        self._loading = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._cached, self._failed = (self._clock() + CACHE_SECONDS, task.result()), None
        else:
            self._failed = (self._clock() + FAILURE_CACHE_SECONDS, error)


def check_is_begun_here(request: Request) -> None:
    """Check that a callback belongs to a sign-in that this browser began.

    Raises:
        MismatchingStateError
    """
    state = request.session.get(f"_state_{_NAME}_{request.query_params.get('state')}")
    if not isinstance(state, dict) or state.get("exp", 0) <= time.time():
        raise MismatchingStateError


async def _client_for(settings: Settings, transport: object) -> StarletteOAuth2App:
    issuer = settings.openid_issuer or ""
    if not issuer.startswith("https://") and not settings.allow_private_addresses:
        raise ProviderUnusable("The URL of your company's sign-in does not begin with https.")
    assert settings.openid_client_secret is not None, "OpenID Connect is offered only with a client secret"
    client = _App(
        StarletteIntegration(_NAME),
        _NAME,
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret.get_secret_value(),
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "transport": transport},
        client_auth_methods=[("client_secret_basic", _encoded_basic)],
    )
    metadata = await client.load_server_metadata()
    # Otherwise a provider at this URL could impersonate another (OpenID Connect Discovery, 4.3).
    if str(metadata.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise ProviderUnusable(
            "Your company's sign-in reports a different issuer from the one in the settings."
        )
    metadata["id_token_signing_alg_values_supported"] = [
        algorithm
        for algorithm in metadata.get("id_token_signing_alg_values_supported", ())
        if algorithm in ALGORITHMS
    ]
    methods = metadata.get("token_endpoint_auth_methods_supported", ())
    if "client_secret_post" in methods and "client_secret_basic" not in methods:
        client.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105 - names a method
    return client


def _encoded_basic(client: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """Add the Authorization header, with form encoding (RFC 6749, 2.3.1), which the library omits."""
    credentials = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(credentials.encode()).decode()}"
    return uri, headers, body
