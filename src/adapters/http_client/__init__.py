"""What both HTTP adapters stand on: careful connections, and patience with whoever is at their other end."""
