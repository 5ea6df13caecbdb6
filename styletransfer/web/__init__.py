"""The studio in the browser."""

import os

# Gradio reads these when it is imported: it is to ask nobody anything.
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"
