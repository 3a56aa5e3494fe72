"""The client side: the development server, requests and responses, handoffs."""
