"""What the emulated service offers: trainers and LoRA runners, with schemas, rules and prices."""
