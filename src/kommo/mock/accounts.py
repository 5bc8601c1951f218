"""The accounts of a mock."""

from __future__ import annotations

from .config import AccountConfig
from .model import Account, Token
from .store import Store


def open_account(store: Store, config: AccountConfig, index: int) -> Account:
    """The account that a configuration describes, with its tokens."""
    account = next((found for found in store.all(Account) if found.subdomain == config.subdomain), None)
    if account is None:
        account = Account(config.id + index, config.subdomain, timezone=config.timezone)
        store.put(account, account.id)
    for value, admin in ((config.token, True), (config.user_token, False)):
        token = None if value is None else Token(value, account.id, admin=admin, lists=admin)
        if token is not None and store.get(Token, token.value) != token:
            store.put(token, token.value)
    return account
