"""What is agreed with an OpenID Connect provider: which of its answers are taken, and how it knows us."""

import base64
import warnings
from typing import Any
from urllib.parse import quote_plus

from entrypoints.settings import Settings

__all__ = ["MismatchingStateError", "OAuthError", "ProviderUnusable", "StarletteOAuth2App", "client_for"]

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
SECONDS = 10.0


class ProviderUnusable(Exception):
    """The provider is not the one that was meant, or cannot do what is needed."""


async def client_for(settings: Settings) -> StarletteOAuth2App:
    """Ask the provider what it can do, and agree.

    It is asked for every sign-in: those are few, and a key that was withdrawn is not trusted any longer.

    Raises:
        ProviderUnusable
    """
    issuer = settings.openid_issuer or ""
    if not issuer.startswith("https://") and not settings.allow_private_addresses:
        raise ProviderUnusable("The address of your company's sign-in does not begin with https.")
    assert settings.openid_client_secret is not None, "it is offered only with one"
    client = StarletteOAuth2App(
        StarletteIntegration("openid"),
        "openid",
        client_id=settings.openid_client_id,
        client_secret=settings.openid_client_secret.get_secret_value(),
        server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid email", "code_challenge_method": "S256", "timeout": SECONDS},
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
