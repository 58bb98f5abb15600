"""What is agreed with an OpenID Connect provider: which of its answers are taken, and how it knows us."""

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
    # It says that it would rather have a later httpx than the one that everything else here uses; and it is only
    # silent if asked after it has asked for the opposite.
    import authlib.deprecate

    warnings.simplefilter("ignore", authlib.deprecate.AuthlibDeprecationWarning)
    from authlib.integrations.base_client.errors import MismatchingStateError, OAuthError
    from authlib.integrations.starlette_client import StarletteIntegration, StarletteOAuth2App

ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""Only those for which the provider alone has the key; `none` is not among them, whatever the provider offers."""
KEPT_FOR = 600.0
"""Seconds for which metadata and keys are kept: for so long a key that the provider has withdrawn is trusted."""
FAILURE_KEPT_FOR = 5.0
"""Seconds for which a provider that failed is not asked again."""
_NAME = "openid"


class ProviderUnusable(Exception):
    """The provider is not the one that was meant, or cannot do what is needed."""


class _App(StarletteOAuth2App):  # type: ignore[misc]  # the library has no types
    """The library's client, which keeps metadata and keys, and asks for the keys again where one is unknown."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._keys = asyncio.Lock()

    async def fetch_jwk_set(self, force: bool = False) -> Any:
        before = self.server_metadata.get("jwks")
        async with self._keys:
            is_newer = self.server_metadata.get("jwks") is not before  # another sign-in has asked meanwhile
            return await super().fetch_jwk_set(force=force and not is_newer)


class OpenIdProvider:
    """The provider that is set, as it describes itself: asked once for all sign-ins, and again after a while."""

    def __init__(
        self, settings: Settings, transport: object, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._clock = clock
        self._known: tuple[float, StarletteOAuth2App] | None = None
        """Until when, and what."""
        self._failed: tuple[float, BaseException] | None = None
        self._loading: asyncio.Task[StarletteOAuth2App] | None = None

    async def client(self) -> StarletteOAuth2App:
        """Return a client that has agreed with the provider on what both can do.

        Raises:
            ProviderUnusable
        """
        if self._known and self._clock() < self._known[0]:
            return self._known[1]
        if self._failed and self._clock() < self._failed[0]:
            raise self._failed[1].with_traceback(None)  # it would grow by each raise
        if self._loading is None:
            self._loading = asyncio.ensure_future(_client_for(self._settings, self._transport))
            self._loading.add_done_callback(self._loaded)
        # Shielded: others wait for it, too.
        return await asyncio.shield(self._loading)

    def _loaded(self, task: asyncio.Task[StarletteOAuth2App]) -> None:
        self._loading = None
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self._known, self._failed = (self._clock() + KEPT_FOR, task.result()), None
        else:
            self._failed = (self._clock() + FAILURE_KEPT_FOR, error)


def check_is_begun_here(request: Request) -> None:
    """Check that a callback answers what this browser was sent away with.

    Raises:
        MismatchingStateError
    """
    kept = request.session.get(f"_state_{_NAME}_{request.query_params.get('state')}")
    if not isinstance(kept, dict) or kept.get("exp", 0) <= time.time():
        raise MismatchingStateError


async def _client_for(settings: Settings, transport: object) -> StarletteOAuth2App:
    issuer = settings.openid_issuer or ""
    if not issuer.startswith("https://") and not settings.allow_private_addresses:
        raise ProviderUnusable("The address of your company's sign-in does not begin with https.")
    assert settings.openid_client_secret is not None, "it is offered only with one"
    client = _App(
        StarletteIntegration(_NAME),
        _NAME,
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret.get_secret_value(),
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "transport": transport},
        client_auth_methods=[("client_secret_basic", _encoded_basic)],
    )
    told = await client.load_server_metadata()
    # Else one that may answer under this address could speak for another (OpenID Connect Discovery, 4.3).
    if str(told.get("issuer", "")).rstrip("/") != issuer.rstrip("/"):
        raise ProviderUnusable("Your company's sign-in goes by another name than the one that is set here.")
    told["id_token_signing_alg_values_supported"] = [
        each for each in told.get("id_token_signing_alg_values_supported", ()) if each in ALGORITHMS
    ]
    methods = told.get("token_endpoint_auth_methods_supported", ())
    if "client_secret_post" in methods and "client_secret_basic" not in methods:
        client.client_kwargs["token_endpoint_auth_method"] = "client_secret_post"  # noqa: S105 - names a method
    return client


def _encoded_basic(client: Any, _method: str, uri: str, headers: dict[str, str], body: str) -> Any:
    """Show id and secret in a header, encoded as in a form (RFC 6749, 2.3.1), which the library leaves out."""
    shown = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(shown.encode()).decode()}"
    return uri, headers, body
