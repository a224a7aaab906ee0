#include "ui/circuits/graph_annotator.h"

#include "core/circuits/graph_export.h"

#include <QUndoCommand>

#include <algorithm>

namespace tt {

/// From one state of the annotations to the next: they are small values.
class AnnotationStep : public QUndoCommand {
public:
    AnnotationStep(GraphAnnotator &annotator, const QString &what, GraphAnnotations next)
        : QUndoCommand(what), annotator_(annotator), before_(annotator.annotations_), next_(std::move(next)) {}
    void undo() override { annotator_.put(before_); }
    void redo() override { annotator_.put(next_); }

private:
    GraphAnnotator &annotator_;
    GraphAnnotations before_, next_;
};

namespace {

/// Ids of what nodes stand for.
std::vector<std::string> idsOf(const GraphAnnotator::Nodes &nodes) {
    std::vector<std::string> ids;
    for (const GraphNode &node : nodes) {
        if (node.members.empty())
            ids.push_back(nodeId(node.node));
        for (const Node &member : node.members)
            ids.push_back(nodeId(member));
    }
    return ids;
}

bool contains(const std::vector<std::string> &ids, const std::string &id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// The number of the supernode that a shown node is, or −1.
int supernodeOf(const GraphNode &node) {
    return node.members.empty() ? -1 : -node.node.id - 1;
}

} // namespace

GraphAnnotator::GraphAnnotator(QObject *parent) : QObject(parent) {}

void GraphAnnotator::push(const QString &what, GraphAnnotations next) {
    if (next == annotations_)
        return;
    stack_.push(new AnnotationStep(*this, what, std::move(next)));
}

void GraphAnnotator::put(const GraphAnnotations &annotations) {
    annotations_ = annotations;
    Q_EMIT changed();
}

void GraphAnnotator::reset(const GraphAnnotations &annotations) {
    stack_.clear();
    annotations_ = annotations;
}

void GraphAnnotator::togglePins(const Nodes &nodes) {
    GraphAnnotations next = annotations_;
    const std::vector<std::string> ids = idsOf(nodes);
    const bool all = std::all_of(ids.begin(), ids.end(), [&](const auto &id) { return contains(next.pinned, id); });
    for (const std::string &id : ids) {
        if (all)
            std::erase(next.pinned, id);
        else if (!contains(next.pinned, id))
            next.pinned.push_back(id);
    }
    push(all ? tr("unpin") : tr("pin"), std::move(next));
}

/// Members leave the groups they were in; what has fewer than two left is no group any more.
void GraphAnnotator::addGroup(GraphAnnotations &to, const Supernode &group) const {
    for (Supernode &other : to.supernodes)
        std::erase_if(other.members, [&](const std::string &id) { return contains(group.members, id); });
    std::erase_if(to.supernodes, [](const Supernode &other) { return other.members.size() < 2; });
    to.supernodes.push_back(group);
}

bool GraphAnnotator::group(const Nodes &nodes, const QString &label) {
    Nodes features = nodes;
    std::erase_if(features, [](const GraphNode &node) { return node.node.kind != NodeKind::Feature; });
    Supernode made{.label = label.toStdString(), .members = idsOf(features)};
    if (made.members.size() < 2)
        return false;
    group(made);
    return true;
}

void GraphAnnotator::group(const Supernode &proposal) {
    GraphAnnotations next = annotations_;
    addGroup(next, proposal);
    push(tr("group"), std::move(next));
}

void GraphAnnotator::ungroup(int supernode) {
    GraphAnnotations next = annotations_;
    if (supernode >= 0 && supernode < std::ssize(next.supernodes))
        next.supernodes.erase(next.supernodes.begin() + supernode);
    push(tr("ungroup"), std::move(next));
}

void GraphAnnotator::ungroup(const Nodes &nodes) {
    for (const GraphNode &node : nodes)
        if (const int supernode = supernodeOf(node); supernode >= 0)
            return ungroup(supernode);
}

void GraphAnnotator::rename(const GraphNode &node, const QString &name) {
    GraphAnnotations next = annotations_;
    const std::string text = name.trimmed().toStdString();
    if (const int supernode = supernodeOf(node); supernode >= 0) {
        if (!text.empty())
            next.supernodes[static_cast<size_t>(supernode)].label = text;
    } else if (text.empty()) {
        next.names.erase(nodeId(node.node));
    } else {
        next.names[nodeId(node.node)] = text;
    }
    push(tr("rename"), std::move(next));
}

void GraphAnnotator::hide(const Nodes &nodes) {
    GraphAnnotations next = annotations_;
    for (const std::string &id : idsOf(nodes))
        if (!contains(next.hidden, id))
            next.hidden.push_back(id);
    push(tr("hide"), std::move(next));
}

void GraphAnnotator::showHidden() {
    GraphAnnotations next = annotations_;
    next.hidden.clear();
    push(tr("show hidden"), std::move(next));
}

} // namespace tt
