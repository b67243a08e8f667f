"""What is a value in one class, and under which name."""
