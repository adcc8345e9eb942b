"""What the first step creates, a module for each part; written once, and never changed after a release."""
