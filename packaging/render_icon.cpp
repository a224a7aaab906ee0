// render_icon FILE.svg SIZE FILE.png: an icon of SIZE × SIZE pixels, made while building.

#include <QImage>
#include <QPainter>
#include <QSvgRenderer>

#include <cstdio>
#include <cstdlib>

int main(int argc, char **argv) {
    const int size = argc == 4 ? std::atoi(argv[2]) : 0;
    QSvgRenderer picture;
    if (size < 1 || !picture.load(QString::fromLocal8Bit(argv[1]))) {
        std::fprintf(stderr, "render_icon FILE.svg SIZE FILE.png\n");
        return 2;
    }
    QImage image(size, size, QImage::Format_ARGB32_Premultiplied);
    image.fill(Qt::transparent);
    QPainter painter(&image);
    picture.render(&painter);
    painter.end();
    if (image.save(QString::fromLocal8Bit(argv[3]), "PNG"))
        return 0;
    std::fprintf(stderr, "%s cannot be written\n", argv[3]);
    return 1;
}
