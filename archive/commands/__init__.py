"""The commands that read an archive and keep it whole, a module for each family.

What is heavy is imported inside the commands: `--help` and completion stay quick.
"""
