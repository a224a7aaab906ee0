#pragma once

#include <QPixmap>
#include <QWidget>

namespace tt {

class GraphView;

/// The whole graph in a corner of its view while only a part is seen, with a frame around that part. A click or drag
/// moves the view there.
class MiniMap : public QWidget {
    Q_OBJECT
public:
    explicit MiniMap(GraphView &view);
    /// Shows, hides and moves itself as the view stands now.
    void follow();
    /// The graph is another one or looks different.
    void redraw();

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;

private:
    [[nodiscard]] QTransform toMap() const;
    void drawPicture();
    GraphView &view_;
    QPixmap picture_;
};

} // namespace tt
