"""What orders, stock and shipments refer to: products."""
