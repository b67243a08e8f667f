"""The rules run backwards: one module per question; nothing is imported until it is asked."""
