"""Two RSA key pairs, made when first needed: one that signs tokens, one that an app signs with."""

import base64
from functools import cached_property
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

KEY_ID = "standin-1"


def new_key() -> rsa.RSAPrivateKey:
    """A key of the size the vendor uses."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Keys:
    """The sign-in host's key and the registered app's key."""

    def __init__(self) -> None:
        self._app: rsa.RSAPrivateKey | None = None

    @cached_property
    def signing(self) -> rsa.RSAPrivateKey:
        """Signs id tokens and the system user's JWT."""
        return new_key()

    @property
    def app(self) -> rsa.RSAPrivateKey:
        """The app's own; SuperOffice would only know its public half."""
        self._app = self._app or new_key()
        return self._app

    @property
    def app_made(self) -> bool:
        """Whether somebody has asked for the app's key yet."""
        return self._app is not None

    def app_pem(self) -> str:
        """The app's private key, as a setting holds it."""
        return self.app.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    def load_app(self, pem: str) -> None:
        """Go on with a key that was given out before. Raises ValueError for none."""
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("not an RSA key")
        self._app = key

    def jwks(self) -> dict[str, Any]:
        """The public signing key."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self.signing.public_key(), as_dict=True)
        return {"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}

    def jwt(self, claims: dict[str, Any]) -> str:
        """A signed token."""
        return jwt.encode(claims, self.signing, algorithm="RS256", headers={"kid": KEY_ID})

    def app_signed(self, data: str, signature: str) -> bool:
        """Whether the app's key made the signature (B.3)."""
        try:
            self.app.public_key().verify(
                base64.b64decode(signature), data.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except (InvalidSignature, ValueError):
            return False
        return True
