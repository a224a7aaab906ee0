#include "core/train/parameter_table_impl.h"

#include <array>

namespace tt {

std::string formatNumber(double value) {
    std::array<char, 32> buffer{};
    const auto [end, error] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), value); // shortest that reads back
    return {buffer.data(), error == std::errc() ? end : buffer.data()};
}

double parseNumber(const Parameter &parameter, const std::string &text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = parameter.kind != Parameter::Kind::Integer || value == std::floor(value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || !whole ||
        value < parameter.minimum || value > parameter.maximum)
        throw Error(parameter.label + " (" + parameter.key + ") must be a " +
                        (parameter.kind == Parameter::Kind::Integer ? "whole number" : "number") + " from " +
                        formatNumber(parameter.minimum) + " to " + formatNumber(parameter.maximum) + ", not \"" + text +
                        "\".",
                    Error::Kind::Usage);
    return value;
}

void throwUnknownKey(const std::string &key, const std::vector<Parameter> &known) {
    std::string list;
    for (const Parameter &parameter : known)
        list += (list.empty() ? "" : ", ") + parameter.key;
    throw Error("There is no setting \"" + key + "\". There is: " + list + ".", Error::Kind::Usage);
}

} // namespace tt
