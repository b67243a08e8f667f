"""How numbers come about, as material for the readers that tell it."""
