#pragma once

namespace tt {

/// What can be done with what is selected in the graph, by key or menu.
enum class GraphCommand {
    OpenCard,
    Pin,
    Group,
    Ungroup,
    Rename,
    Hide,
    ShowHidden,
    MakeTarget,
    Intervene,
    FindPaths,
    SplitEdge,
    CopyWeight,
    CopyText,
    LayOut,
    Export,
    CopyImage
};

} // namespace tt
