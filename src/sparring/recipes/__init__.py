"""Published experiments as data: settings, figures and numbers; what trains them is the house."""
