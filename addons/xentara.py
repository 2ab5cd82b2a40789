"""What mitmdump loads: `mitmdump -s addons/xentara.py --set xentara_db=PATH`."""

from xentara_inspect.proxy.addon import addons as addons
