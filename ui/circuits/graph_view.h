#pragma once

#include "core/features/prompt_features.h"
#include "ui/circuits/graph_command.h"
#include "ui/circuits/graph_index.h"
#include "ui/circuits/graph_items.h"

#include <QGraphicsView>
#include <QPixmap>
#include <QTimer>

#include <array>
#include <optional>
#include <string>
#include <vector>

class QMenu;

namespace tt {

class MiniMap;

/// The attribution graph: shows it, selects in it, walks through it by keyboard, zooms and pans; asks for what can be
/// done with what is selected. Its accessible description is the graph in a sentence.
class GraphView : public QGraphicsView {
    Q_OBJECT
public:
    explicit GraphView(QWidget *parent = nullptr);

    /// Keeps the selected node (found again by its id) at its place of the window; fits what is shown for the first
    /// time.
    void setGraph(const TracedGraph &traced);
    [[nodiscard]] const TracedGraph &traced() const { return traced_; }
    [[nodiscard]] const AttributionGraph &graph() const { return traced_.graph; }
    [[nodiscard]] const GraphIndex &index() const { return index_; }
    [[nodiscard]] std::optional<int> selectedNode() const { return selected_; }
    [[nodiscard]] QRect nodeRect(int node) const; ///< in the viewport
    /// The selected node first, then those that Ctrl or Shift added.
    [[nodiscard]] std::vector<int> selection() const;
    [[nodiscard]] std::optional<int> selectedEdge() const { return edge_; }
    void setKindVisible(NodeKind kind, bool visible);
    [[nodiscard]] std::vector<NodeKind> hiddenKinds() const;
    /// Lights nodes and the edges between one and the next, until something is selected.
    void lightPath(const std::vector<int> &nodes);
    /// The same for the edge between two nodes, by their ids; what is not shown stays dark.
    void lightEdge(const std::string &source, const std::string &target);
    [[nodiscard]] QRectF layoutRect() const; ///< of the whole graph, in the scene
    [[nodiscard]] QRectF seen() const;       ///< what of the scene the window shows
    void moveTo(QPointF scenePoint);         ///< to the middle of the window
    [[nodiscard]] const NodeItem *nodeItem(int node) const { return nodes_.at(static_cast<size_t>(node)); }
    [[nodiscard]] const EdgeItem *edgeItem(int edge) const { return edges_.at(static_cast<size_t>(edge)); }
    [[nodiscard]] double zoom() const; ///< 1 = the layout's pixels, scaled with the application font

public Q_SLOTS:
    void selectNode(std::optional<int> node);
    void showNode(int node); ///< selects it and moves it into the window
    void fit();
    void zoomBy(double factor);

Q_SIGNALS:
    void graphChanged();
    void nodeSelected(std::optional<int> node);
    void nodeActivated(int node); ///< double click or Return
    void zoomChanged(double zoom);
    void edgeSelected(int edge);                 ///< a click on an edge
    void commandGiven(tt::GraphCommand command); ///< for the selection
    /// Nodes were dragged onto another: draw them together.
    void groupDropped(const std::vector<int> &nodes);

protected:
    void contextMenuEvent(QContextMenuEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void changeEvent(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    bool viewportEvent(QEvent *event) override;
    bool focusNextPrevChild(bool next) override;
    void drawBackground(QPainter *painter, const QRectF &rect) override;

private:
    void buildItems();
    void updateHighlights();
    void updateRoom();
    void startMoving();
    void renderPicture();
    void paintBandNames(QPainter &painter) const;
    void toggleSelected(int node);
    void dragNode(QPoint viewportPoint);
    void dropNode();
    bool giveKeyCommand(int key, Qt::KeyboardModifiers modifiers);
    [[nodiscard]] bool isShown(int edge) const;
    void addNodeActions(QMenu &menu);
    QAction *add(QMenu &menu, const QString &text, const QString &key, GraphCommand command);
    [[nodiscard]] std::optional<int> edgeAt(QPoint viewportPoint) const;
    [[nodiscard]] std::optional<int> nodeAt(QPoint viewportPoint) const;
    [[nodiscard]] QString toolTipAt(QPoint viewportPoint) const;
    [[nodiscard]] QString nodeToolTip(int node) const;
    [[nodiscard]] QString edgeToolTip(int edge) const;
    void walkInRank(int step);
    void walkAlong(std::span<const int> edges, bool toSource);
    void applyZoom(double zoom);

    TracedGraph traced_;
    GraphIndex index_;
    QGraphicsScene *scene_;
    std::vector<NodeItem *> nodes_; ///< owned by the scene
    std::vector<EdgeItem *> edges_;
    std::optional<int> selected_, edge_;
    std::vector<int> also_; ///< selected besides
    std::vector<int> path_; ///< lit
    MiniMap *map_;
    std::array<bool, 6> kindVisible_;
    bool fitted_ = false;

    std::optional<QPoint> press_, lastDrag_;
    std::optional<int> dragged_, dropTarget_; ///< a feature on its way to a group
    // While it moves, a large graph is painted from a picture of it.
    bool moving_ = false;
    QTimer stillTimer_;
    QPixmap picture_;
    QRectF pictureRect_; ///< in scene coordinates
};

} // namespace tt
