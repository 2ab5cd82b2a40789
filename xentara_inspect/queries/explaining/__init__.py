"""What `why` looks at: one room a kind of trouble. Each yields causes with what shows them."""
