#pragma once

// Binds the keys of a configuration to its members: one table gives set(), get(), the list of parameters and the
// ranges.

#include "core/error.h"
#include "core/train/parameter.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace tt {

std::string formatNumber(double value);
/// Throws Error(Usage) that names the key and its range unless `text` is a number in it.
double parseNumber(const Parameter &parameter, const std::string &text);
[[noreturn]] void throwUnknownKey(const std::string &key, const std::vector<Parameter> &known);

template <class Config>
struct Binding {
    Parameter parameter;
    std::function<std::string(const Config &)> get;
    std::function<void(Config &, const std::string &)> set;
};

/// A numeric member of the configuration, reached through `member` (Config & → number &).
template <class Config, class Reach>
Binding<Config> number(Parameter parameter, Reach reach) {
    using Number = std::remove_reference_t<decltype(reach(std::declval<Config &>()))>;
    parameter.kind = std::is_integral_v<Number> ? Parameter::Kind::Integer : Parameter::Kind::Real;
    return {parameter,
            [reach](const Config &config) {
                return formatNumber(static_cast<double>(reach(const_cast<Config &>(config))));
            },
            [reach, parameter](Config &config, const std::string &text) {
                reach(config) = static_cast<Number>(parseNumber(parameter, text));
            }};
}

template <class Config>
struct ParameterTable {
    std::vector<Binding<Config>> bindings;
    std::vector<Parameter> parameters;

    explicit ParameterTable(std::vector<Binding<Config>> all) : bindings(std::move(all)) {
        for (const auto &binding : bindings)
            parameters.push_back(binding.parameter);
    }
    const Binding<Config> &find(const std::string &key) const {
        const auto found =
            std::find_if(bindings.begin(), bindings.end(), [&](const auto &b) { return b.parameter.key == key; });
        if (found == bindings.end())
            throwUnknownKey(key, parameters);
        return *found;
    }
    /// Every numeric value outside its range.
    std::vector<Problem> outOfRange(const Config &config) const {
        std::vector<Problem> problems;
        for (const auto &binding : bindings) {
            try {
                Config copy = config;
                binding.set(copy, binding.get(config));
            } catch (const Error &error) {
                problems.push_back({binding.parameter.key, error.what()});
            }
        }
        return problems;
    }
};

} // namespace tt
