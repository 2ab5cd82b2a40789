"""What the product costs, in ratios against a baseline in the same run."""
