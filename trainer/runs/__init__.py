"""Fine-tuning runs: what is asked, what is known, who works on them."""
