"""An identity pool as a credential provider of botocore and boto3, if these are installed.

::

    provider = IdentityPoolProvider(identity_pool, session)
    aws = botocore.session.get_session()
    aws.get_component("credential_provider").providers.insert(0, provider)
    boto3_session = boto3.Session(botocore_session=aws)
    client = await anyio.to_thread.run_sync(boto3_session.client, "s3")

aiobotocore takes the same metadata, in the event loop::

    metadata = partial(credential_metadata, identity_pool, session)
    credentials = AioRefreshableCredentials.create_from_metadata(
        await metadata(), refresh_using=metadata, method="auth-flow"
    )
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from anyio import from_thread
from botocore.credentials import CredentialProvider, RefreshableCredentials

from auth_flow.aws._identity_pool import IdentityPool

if TYPE_CHECKING:
    from auth_flow.session import Session


class IdentityPoolProvider(CredentialProvider):
    """Provides credentials that renew themselves: the user's, or the guest's without a session.

    botocore blocks, so its clients have to be made and used in worker threads of anyio. The
    credentials are fetched in the event loop.
    """

    METHOD = "auth-flow"
    CANONICAL_NAME = "custom-auth-flow"

    def __init__(self, identity_pool: IdentityPool, session: Session | None = None) -> None:
        super().__init__()
        self._identity_pool = identity_pool
        self._user = session

    def load(self) -> RefreshableCredentials:
        """Fetch the first credentials."""
        return RefreshableCredentials.create_from_metadata(
            self._fetch(), refresh_using=self._fetch, method=self.METHOD
        )

    def _fetch(self) -> dict[str, str]:
        return from_thread.run(credential_metadata, self._identity_pool, self._user)


async def credential_metadata(
    identity_pool: IdentityPool, session: Session | None = None
) -> dict[str, str]:
    """Return credentials in the form that botocore's refreshable credentials expect."""
    credentials = await identity_pool.credentials(session)
    return {
        "access_key": credentials.access_key_id,
        "secret_key": credentials.secret_access_key.get_secret_value(),
        "token": credentials.session_token.get_secret_value(),
        "expiry_time": credentials.expires_at.isoformat(),
    }
