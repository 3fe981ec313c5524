"""The signed-in user of a request."""

from accounts.current_user import current_user

__all__ = ["current_user"]
