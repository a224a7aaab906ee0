#pragma once

#include <QProgressBar>

namespace tt {

/// A progress bar of 8 design pixels without text.
class ThinProgress : public QProgressBar {
    Q_OBJECT
public:
    explicit ThinProgress(QWidget *parent = nullptr);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
};

} // namespace tt
