"""The services that an installation without a cloud runs for itself."""
