"""What can be read: points, tables and images, from memory, from files and by name."""
