"""What the service costs, measured: memory sizes, peers, and the price of both."""
