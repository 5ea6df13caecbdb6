"""The networks: encoder, bottlenecks, decoder, their statistics, configs and weight files."""
