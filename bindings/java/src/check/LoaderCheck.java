import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;

/** Says where the library came from; then loads the package again through a second class loader. */
public class LoaderCheck {
  public static void main(String[] arguments) throws Exception {
    System.out.println(rdb.Database.libraryOrigin());
    URL jar = Path.of(arguments[0]).toUri().toURL();
    try (URLClassLoader second = new URLClassLoader(new URL[] {jar}, ClassLoader.getPlatformClassLoader())) {
      Class<?> database = second.loadClass("rdb.Database");
      if (database == rdb.Database.class) throw new AssertionError("not a second class");
      Object opened = database.getMethod("openMemory").invoke(null);
      database.getMethod("close").invoke(opened);
      System.out.println(database.getMethod("libraryOrigin").invoke(null));
    }
    rdb.Database.openMemory().close();
  }
}
