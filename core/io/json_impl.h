#pragma once

// For core's .cpp files only: JSON with errors that name the file and the key.

#include "core/error.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <type_traits>
#include <utility>

namespace tt {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

/// Parses a JSON object; `what` names it in errors ("gpt/a/config.json").
Json parseJsonObject(const std::string &text, const std::string &what);
Json readJsonObject(const std::filesystem::path &file);
/// Two-space indented, with a newline at the end; text that is not UTF-8 is replaced, never thrown at.
std::string writeJson(const OrderedJson &json);

/// Whether a value is a whole number that T holds: get() would cut it, or be undefined.
template <class T, class AnyJson>
bool isWhole(const AnyJson &value) {
    if (value.is_number_unsigned())
        return std::in_range<T>(value.template get<uint64_t>());
    return value.is_number_integer() && std::in_range<T>(value.template get<int64_t>());
}

/// The member `key` as T; throws Error that names `what` and `key` where it is missing or of another type.
template <class T>
T member(const Json &object, const char *key, const std::string &what) {
    const auto found = object.find(key);
    if (found == object.end())
        throw Error(what + " has no \"" + key + "\".");
    try {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
            if (!isWhole<T>(*found))
                throw Error(what + ": \"" + key + "\" is not a whole number, or too large.");
        return found->get<T>();
    } catch (const Json::exception &) {
        throw Error(what + ": \"" + key + "\" has the wrong type.");
    }
}

/// The member `key` as T, or `fallback` where it is missing.
template <class T>
T memberOr(const Json &object, const char *key, T fallback, const std::string &what) {
    return object.contains(key) ? member<T>(object, key, what) : fallback;
}

} // namespace tt
