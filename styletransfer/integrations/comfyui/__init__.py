"""Nodes for ComfyUI, which finds them here, or in a copy of this folder in its custom_nodes."""

# By its full name: ComfyUI loads this file as a module of another one.
from styletransfer.integrations.comfyui.nodes import NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]
