"""The client's side: the development server, requests and responses, handoffs."""
