"""Tables in texts: their headings, and the cells below."""
