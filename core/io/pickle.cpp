#include "core/io/pickle.h"

#include "core/error.h"
#include "core/io/pickle_machine_impl.h"

namespace tt {

const PickleValue *PickleValue::find(std::string_view key) const {
    if (kind != Kind::Dict)
        return nullptr;
    for (size_t i = items.size(); i >= 2; i -= 2)
        if (items[i - 2]->kind == Kind::Text && items[i - 2]->text == key)
            return items[i - 1];
    return nullptr;
}

Pickle::Pickle(std::string_view bytes, const std::string &what) {
    if (bytes.size() > mostBytes)
        throw Error(what + " describes its contents in " + std::to_string(bytes.size() >> 20) +
                    " MB, more than weights ever need; it is not read.");
    root_ = PickleMachine(bytes, what, values_).run();
}

} // namespace tt
