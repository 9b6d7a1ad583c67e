from helpers.chgnet import chgnet, package_network  # noqa: F401 - fixtures
