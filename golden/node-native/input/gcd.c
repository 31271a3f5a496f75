#include <node_api.h>

static napi_value Gcd(napi_env env, napi_callback_info info) {
    size_t count = 2;
    napi_value arguments[2], result;
    int64_t a, b;

    napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
    napi_get_value_int64(env, arguments[0], &a);
    napi_get_value_int64(env, arguments[1], &b);
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    napi_create_int64(env, a, &result);
    return result;
}

NAPI_MODULE_INIT() {
    napi_value function;
    napi_create_function(env, "gcd", NAPI_AUTO_LENGTH, Gcd, NULL, &function);
    napi_set_named_property(env, exports, "gcd", function);
    return exports;
}
