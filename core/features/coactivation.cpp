#include "core/features/coactivation.h"

#include <algorithm>
#include <cmath>

namespace tt {

Coactivation::Coactivation(const FeatureIndex &index)
    : sample_(index.sample()), features_(index.features()), window_(static_cast<int32_t>(index.windowLength())) {
    const auto n = static_cast<size_t>(features_);
    sums_.resize(static_cast<size_t>(index.layers()) * n);
    norms_.resize(sums_.size());
    if (!sample_.attended.empty() && sample_.size() > 0)
        heads_ = static_cast<int>(std::ssize(sample_.attended[0]) / sample_.size());
    for (size_t layer = 0; layer < sample_.layers.size(); ++layer) {
        const FeatureIndex::Sample::Layer &rows = sample_.layers[layer];
        Layer &turned = layers_.emplace_back();
        turned.offsets.assign(n + 1, 0);
        for (const int32_t feature : rows.features)
            ++turned.offsets[static_cast<size_t>(feature) + 1];
        for (size_t f = 0; f < n; ++f)
            turned.offsets[f + 1] += turned.offsets[f];
        turned.events.resize(rows.features.size());
        std::vector<int64_t> next(turned.offsets.begin(), turned.offsets.end() - 1);
        for (int64_t token = 0; token + 1 < std::ssize(rows.rows); ++token)
            for (auto i = static_cast<size_t>(rows.rows[static_cast<size_t>(token)]);
                 i < static_cast<size_t>(rows.rows[static_cast<size_t>(token) + 1]); ++i) {
                const auto feature = static_cast<size_t>(rows.features[i]);
                const float activation = rows.activations[i];
                turned.events[static_cast<size_t>(next[feature]++)] = {static_cast<int32_t>(token), activation};
                sums_[layer * n + feature] += static_cast<double>(activation);
                norms_[layer * n + feature] += static_cast<double>(activation) * static_cast<double>(activation);
            }
    }
    for (double &norm : norms_)
        norm = std::sqrt(norm);
}

std::span<const Coactivation::Event> Coactivation::events(int layer, int feature) const {
    if (isEmpty())
        return {};
    const Layer &turned = layers_[static_cast<size_t>(layer)];
    const auto from = static_cast<size_t>(turned.offsets[static_cast<size_t>(feature)]);
    return std::span(turned.events)
        .subspan(from, static_cast<size_t>(turned.offsets[static_cast<size_t>(feature) + 1]) - from);
}

double Coactivation::sum(int layer, int feature) const {
    return isEmpty() ? 0 : sums_[at(layer, feature)];
}

double Coactivation::norm(int layer, int feature) const {
    return isEmpty() ? 0 : norms_[at(layer, feature)];
}

void Coactivation::addRow(int layer, int32_t token, float times, std::vector<float> &sums) const {
    const FeatureIndex::Sample::Layer &rows = sample_.layers[static_cast<size_t>(layer)];
    for (auto i = static_cast<size_t>(rows.rows[static_cast<size_t>(token)]);
         i < static_cast<size_t>(rows.rows[static_cast<size_t>(token) + 1]); ++i)
        sums[static_cast<size_t>(rows.features[i])] += times * rows.activations[i];
}

std::vector<float> Coactivation::atSameToken(int ofLayer, int feature, int layer) const {
    std::vector<float> sums(static_cast<size_t>(features_));
    for (const Event &event : events(ofLayer, feature))
        addRow(layer, event.token, event.activation, sums);
    return sums;
}

std::vector<float> Coactivation::fromAttended(int ofLayer, int feature, int throughLayer, int head, int layer) const {
    std::vector<float> sums(static_cast<size_t>(features_));
    const auto through = static_cast<size_t>(throughLayer - 1);
    for (const Event &event : events(ofLayer, feature)) {
        const auto entry = static_cast<size_t>(event.token) * static_cast<size_t>(heads_) + static_cast<size_t>(head);
        const int32_t source = event.token / window_ * window_ + sample_.attended[through][entry];
        addRow(layer, source, event.activation * sample_.attention[through][entry], sums);
    }
    return sums;
}

std::vector<float> Coactivation::atAttending(int ofLayer, int feature, int throughLayer, int head, int layer) const {
    std::vector<float> sums(static_cast<size_t>(features_));
    const auto through = static_cast<size_t>(throughLayer - 1);
    for (const Event &event : events(ofLayer, feature)) {
        const int32_t first = event.token / window_ * window_;
        for (int32_t token = event.token; token < first + window_; ++token) {
            const auto entry = static_cast<size_t>(token) * static_cast<size_t>(heads_) + static_cast<size_t>(head);
            if (first + sample_.attended[through][entry] == event.token)
                addRow(layer, token, event.activation * sample_.attention[through][entry], sums);
        }
    }
    return sums;
}

} // namespace tt
