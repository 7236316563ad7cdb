"""Binance, spot and USDT-margined futures: REST signed with HMAC, orders heard over WebSocket."""
