#pragma once

#include "core/circuits/annotations.h"

#include <QObject>
#include <QUndoStack>

namespace tt {

/// Pins, groups, names and hides nodes; each step can be undone. Nodes are meant as they are shown: what is said of a
/// supernode is said of its members, except for its name.
class GraphAnnotator : public QObject {
    Q_OBJECT
public:
    using Nodes = std::vector<GraphNode>;
    explicit GraphAnnotator(QObject *parent = nullptr);
    [[nodiscard]] const GraphAnnotations &annotations() const { return annotations_; }
    [[nodiscard]] QUndoStack *undoStack() { return &stack_; }

    void reset(const GraphAnnotations &annotations); ///< of another graph: nothing to undo
    void togglePins(const Nodes &nodes);             ///< pins all unless all are pinned
    /// Draws features together; supernodes among them are dissolved into the new one. Needs two features.
    bool group(const Nodes &nodes, const QString &label);
    void group(const Supernode &proposal);
    void ungroup(const Nodes &nodes);
    void ungroup(int supernode);                             ///< by its index
    void rename(const GraphNode &node, const QString &name); ///< empty: its own name again
    void hide(const Nodes &nodes);
    void showHidden();

Q_SIGNALS:
    void changed();

private:
    friend class AnnotationStep;
    void push(const QString &what, GraphAnnotations next);
    void put(const GraphAnnotations &annotations);
    void addGroup(GraphAnnotations &to, const Supernode &group) const;
    GraphAnnotations annotations_;
    QUndoStack stack_;
};

} // namespace tt
