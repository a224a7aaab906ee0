#include "core/circuits/intervention_steering.h"

#include "core/circuits/intervention_pass_impl.h"

#include <numeric>

namespace tt {

template <class T>
struct Steering<T>::State {
    const TranscoderWeights<T> &transcoder;
    std::vector<Intervention> list;
    int promptLength;
    std::vector<PlacedChange> changes; ///< of the present block
    PendingWrites<T> writes;

    void begin(int64_t first, int64_t rows) {
        changes = placeInterventions(list, transcoder.config, promptLength, static_cast<int>(first),
                                     static_cast<int>(first + rows) - 1);
        writes = PendingWrites<T>(transcoder, rows);
    }
};

template <class T>
Steering<T>::Steering(const TranscoderWeights<T> &transcoder, std::vector<Intervention> list, int promptLength)
    : state_(new State{transcoder, std::move(list), promptLength, {}, PendingWrites<T>(transcoder, 0)}) {}
template <class T>
Steering<T>::~Steering() = default;
template <class T>
Steering<T>::Steering(Steering &&) noexcept = default;

template <class T>
void Steering<T>::apply(int layer, int64_t first, std::span<const T> ln2, std::span<T> mlpOutput) {
    State &s = *state_;
    const int64_t rows = static_cast<int64_t>(ln2.size()) / s.transcoder.config.dModel;
    if (layer == 0)
        s.begin(first, rows);
    std::vector<ChangedPlace> places;
    for (const PlacedChange &change : s.changes)
        if (change.layer == layer)
            places.push_back({change.position - first, change.position - first, &change});
    addWrites<T>(s.transcoder, layer, places, ln2, s.writes);
    std::vector<int64_t> all(static_cast<size_t>(rows));
    std::iota(all.begin(), all.end(), int64_t{0});
    s.writes.apply(layer, all, mlpOutput.data());
}

template class Steering<float>;
template class Steering<double>;

} // namespace tt
