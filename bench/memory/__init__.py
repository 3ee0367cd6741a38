"""The memory plan beside measured peaks."""
