#include "core/train/training_point.h"

#include "core/io/json_impl.h"

#include <algorithm>
#include <fstream>

namespace tt {

std::optional<double> TrainingPoint::value(const std::string &name) const {
    const auto found = std::find_if(values.begin(), values.end(), [&](const auto &each) { return each.first == name; });
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::string toJson(const TrainingPoint &point) {
    OrderedJson json{{"step", point.step},
                     {"steps", point.steps},
                     {"tokens", point.tokens},
                     {"seconds", point.seconds},
                     {"tokens_per_second", point.tokensPerSecond}};
    for (const auto &[name, value] : point.values)
        json[name] = value;
    return json.dump();
}

namespace {
int64_t *wholeOf(TrainingPoint &point, const std::string &key) {
    return key == "step" ? &point.step : key == "steps" ? &point.steps : key == "tokens" ? &point.tokens : nullptr;
}

double *numberOf(TrainingPoint &point, const std::string &key) {
    return key == "seconds" ? &point.seconds : key == "tokens_per_second" ? &point.tokensPerSecond : nullptr;
}

std::optional<TrainingPoint> parsePoint(const std::string &line) {
    const OrderedJson json = OrderedJson::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step"))
        return std::nullopt;
    TrainingPoint point;
    for (const auto &[key, value] : json.items()) {
        if (int64_t *whole = wholeOf(point, key)) {
            if (!isWhole<int64_t>(value))
                return std::nullopt;
            *whole = value.get<int64_t>();
        } else if (value.is_number()) {
            if (double *number = numberOf(point, key))
                *number = value.get<double>();
            else
                point.values.emplace_back(key, value.get<double>());
        }
    }
    return point;
}
} // namespace

std::vector<TrainingPoint> readMetrics(const std::string &path) {
    std::vector<TrainingPoint> points;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (auto point = parsePoint(line))
            points.push_back(std::move(*point));
    return points;
}

} // namespace tt
