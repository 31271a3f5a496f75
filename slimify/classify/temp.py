
def npm_bins(name): return {"typescript":("tsc",),"pm2":("pm2","pm2-runtime")}.get(name,(name.rpartition("/")[2],))
def build_only_module(name): return False
