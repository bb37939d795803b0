"""Makes the repository root importable for tests, so that `tests.oracle` is found and no test folder hides a package."""
