"""Stock: how many units of a product lie at a location, what is promised of them, and what changes that."""
