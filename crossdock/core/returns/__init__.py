"""Returns and refunds: what may come back, what is judged of it, and the money that goes back."""
